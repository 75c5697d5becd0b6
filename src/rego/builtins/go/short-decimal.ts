/**
 * `+ - *` and rounding of decimals with few digits, such as prices, without any big number. Go computes them in 64 bits of mantissa and prints the
 * shortest decimal that reads back; this gives that result where it can prove it to be the exact one, and says so where it cannot.
 *
 * The proof. A decimal is `c / 10^k`. Read with 64 bits, at the scale `s` that puts it between 2^63 and 2^64, it becomes the whole number
 * `(c * 2^(s-k) + r) / 5^k`, where the rest `r` is known from a remainder by 5^k and is less than half of that. So the error of both operands, and from
 * them the error of Go's result before it is rounded, is known exactly. The exact result has a rest of its own; when the two differ by less
 * than half a unit, both round to the same 64 bits. A decimal of at most 17 digits is the only one so short that reads back as those.
 */

/** Digits of operands and results: any decimal of 15 digits is the shortest that names its double. */
const coefficientMax = 1e15

/** Digits after the point: two remainders by 5^11 multiply to less than 2^53. */
const placesMax = 11

/** Times the bits of an error that floating point itself may be wrong by here: sums of three products below 2^53 / 2^20. */
const margin = 1 / 1024

const tens = Array.from({ length: placesMax + 1 }, (_, places) => 10 ** places)
const fives = Array.from({ length: placesMax + 1 }, (_, places) => 5 ** places)

/** Powers of two that occur as scales: those of numbers between 10^-11 and 10^15. */
const scaleMax = 128

/** 2^n modulo 5^k at `k * scaleMax + n`. */
const powers = new Float64Array((placesMax + 1) * scaleMax)
fives.forEach((five, places) => {
  let power = 1 % five
  for (let scale = 0; scale < scaleMax; scale++) {
    powers[places * scaleMax + scale] = power
    power = (power * 2) % five
  }
})

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/** The exponent of the power of two at or below the absolute value of a number that is not zero. */
export function exponentOf(value: number): number {
  double[0] = value
  return (((words[1] as number) >>> 20) & 0x7ff) - 1023
}

/** Whether a positive number is a power of two. */
export function isPowerOfTwo(value: number): boolean {
  double[0] = value
  return words[0] === 0 && ((words[1] as number) & 0xfffff) === 0
}

/** How many digits a number has after the point, or -1 where it has too many digits of either kind. */
function placesOf(value: number): number {
  for (let places = 0; places <= placesMax; places++) {
    const ten = tens[places] as number
    const coefficient = Math.round(value * ten)
    if (coefficient > coefficientMax || coefficient < -coefficientMax) return -1
    if (coefficient / ten === value) return places
  }
  return -1
}

/** What rounding `coefficient / 10^places` at a scale adds to it, in units of `2^-scale / 5^places`. */
function restOf(coefficient: number, places: number, scale: number): number {
  if (places === 0) return 0
  const five = fives[places] as number
  const rest = ((coefficient % five) * (powers[places * scaleMax + scale - places] as number)) % five
  return rest > five / 2 ? five - rest : rest < -five / 2 ? -five - rest : -rest
}

/**
 * The result with the given digits if Go's has them too, else undefined. `error` is how far Go's is away before it is rounded, in units of
 * `2^-scale / 5^places` for the scale of the result.
 */
function proven(coefficient: number, places: number, scale: number, error: number): number | undefined {
  const result = coefficient / (tens[places] as number)
  if (error === 0) return result
  // Beside a power of two the units change.
  if (isPowerOfTwo(result)) return undefined
  const apart = error - restOf(coefficient, places, scale)
  return Math.abs(apart) < (fives[places] as number) / 2 - margin ? result : undefined
}

/** `a + b` of two finite numbers as OPA gives it, or undefined where that takes more than this file's means. */
export function addShort(a: number, b: number): number | undefined {
  const placesA = placesOf(a)
  const placesB = placesOf(b)
  if (placesA < 0 || placesB < 0) return undefined
  const places = Math.max(placesA, placesB)
  const coefficientA = Math.round(a * (tens[placesA] as number))
  const coefficientB = Math.round(b * (tens[placesB] as number))
  const coefficient =
    coefficientA * (tens[places - placesA] as number) + coefficientB * (tens[places - placesB] as number)
  if (coefficient === 0) return 0
  if (!isShort(coefficient)) return undefined
  const scale = 63 - exponentOf(coefficient / (tens[places] as number))
  let error = 0
  if (placesA > 0) {
    const scaleA = 63 - exponentOf(a)
    error += restOf(coefficientA, placesA, scaleA) * (fives[places - placesA] as number) * 2 ** (scale - scaleA)
  }
  if (placesB > 0) {
    const scaleB = 63 - exponentOf(b)
    error += restOf(coefficientB, placesB, scaleB) * (fives[places - placesB] as number) * 2 ** (scale - scaleB)
  }
  return proven(coefficient, places, scale, error)
}

/** `a * b` of two finite numbers as OPA gives it, or undefined where that takes more than this file's means. */
export function multiplyShort(a: number, b: number): number | undefined {
  const placesA = placesOf(a)
  const placesB = placesOf(b)
  const places = placesA + placesB
  if (placesA < 0 || placesB < 0 || places > placesMax) return undefined
  const coefficientA = Math.round(a * (tens[placesA] as number))
  const coefficientB = Math.round(b * (tens[placesB] as number))
  const coefficient = coefficientA * coefficientB
  if (coefficient === 0) return 0
  if (!isShort(coefficient)) return undefined
  const scale = 63 - exponentOf(coefficient / (tens[places] as number))
  const scaleA = 63 - exponentOf(a)
  const scaleB = 63 - exponentOf(b)
  const restA = restOf(coefficientA, placesA, scaleA)
  const restB = restOf(coefficientB, placesB, scaleB)
  const error =
    a * (fives[placesA] as number) * restB * 2 ** (scale - scaleB) +
    b * (fives[placesB] as number) * restA * 2 ** (scale - scaleA) +
    restA * restB * 2 ** (scale - scaleA - scaleB)
  return proven(coefficient, places, scale, error)
}

/** `a / b` where the quotient is a short decimal and both operands are whole: Go's operands are exact then, and so is its result. */
export function divideShort(a: number, b: number): number | undefined {
  const result = a / b
  const places = placesOf(result)
  if (places < 0 || !isShort(a) || !isShort(b)) return undefined
  const numerator = a * (tens[places] as number)
  const product = Math.round(result * (tens[places] as number)) * b
  return numerator === product && isShort(product) ? result + 0 : undefined
}

/** The nearest whole number, halves away from zero, or undefined where the number has too many digits. */
export function roundShort(value: number): number | undefined {
  const places = placesOf(value)
  if (places < 0) return undefined
  const ten = tens[places] as number
  const coefficient = Math.round(Math.abs(value) * ten)
  const rest = coefficient % ten
  const whole = (coefficient - rest) / ten + (rest * 2 >= ten ? 1 : 0)
  return value < 0 ? 0 - whole : whole
}

function isShort(coefficient: number): boolean {
  return coefficient <= coefficientMax && coefficient >= -coefficientMax
}
