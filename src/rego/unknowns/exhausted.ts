/** Thrown where a question would cost more than it may; its answer is `maybe`. */
export class Exhausted extends Error {}
