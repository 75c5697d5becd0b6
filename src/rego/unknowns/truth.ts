/** The three answers, and how they combine: Kleene's logic. */

/** `yes` and `no` hold whatever the unknown parts are; `maybe` is everything else. */
export type Truth = 'yes' | 'no' | 'maybe'

export function truth(known: boolean): Truth {
  return known ? 'yes' : 'no'
}

export function negated(answer: Truth): Truth {
  if (answer === 'maybe') return answer
  return answer === 'yes' ? 'no' : 'yes'
}

/** `no` as soon as one is, `yes` when all are. */
export function all(answers: Iterable<Truth>): Truth {
  let so: Truth = 'yes'
  for (const answer of answers) {
    if (answer === 'no') return 'no'
    if (answer === 'maybe') so = 'maybe'
  }
  return so
}

/** `yes` as soon as one is, `no` when all are. */
export function any(answers: Iterable<Truth>): Truth {
  let so: Truth = 'no'
  for (const answer of answers) {
    if (answer === 'yes') return 'yes'
    if (answer === 'maybe') so = 'maybe'
  }
  return so
}
