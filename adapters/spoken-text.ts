/** What models put before their answer that write down what they think. */
const openings = ['<think>', '<thinking>', '<reasoning>'];

/** Turns pieces of what a model writes into pieces of its answer: thoughts at the beginning are left out. */
export function createSpokenText(): (piece: string) => string {
  let isSpeaking = false;
  let held = '';

  return (piece) => {
    if (isSpeaking) return piece;
    held += piece;
    const start = held.trimStart();
    const opening = openings.find((tag) => start.startsWith(tag));
    // What is not yet an opening may become one.
    if (opening === undefined && openings.some((tag) => tag.startsWith(start))) return '';
    if (opening === undefined) {
      isSpeaking = true;
      return held;
    }
    const closing = opening.replace('<', '</');
    const end = held.indexOf(closing);
    if (end === -1) return '';
    isSpeaking = true;
    return held.slice(end + closing.length);
  };
}
