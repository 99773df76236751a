// The reader's own text, judged before a model learns from it.

import { cleanText, vocabularyOf } from "../model/text.js";

export const SHORTEST_OWN_TEXT = 400; // characters
export const LONGEST_OWN_TEXT = 200_000;
const MOST_TOKENS = 200;

const inThousands = (number) => number.toLocaleString("en");

/**
 * What a reader's text is good for.
 * @returns {{text: string, tokens: string[], note: string}|{complaint: string}}
 */
export function judgeText(raw) {
  const text = cleanText(raw.slice(0, LONGEST_OWN_TEXT));
  const tokens = vocabularyOf(text);
  const length = Array.from(text).length; // text.length counts some letters twice
  if (length < SHORTEST_OWN_TEXT) {
    const count = `${length} letters and spaces`;
    return { complaint: `This text has ${count}; learning needs at least ${SHORTEST_OWN_TEXT}.` };
  }
  if (tokens.length > MOST_TOKENS) {
    const count = `${tokens.length - 1} different characters`;
    return { complaint: `This text has ${count}; the widget takes at most ${MOST_TOKENS - 1}.` };
  }
  const size = `${inThousands(length)} characters, ${tokens.length} tokens.`;
  const cut = ` Only the first ${inThousands(LONGEST_OWN_TEXT)} characters count.`;
  return { text, tokens, note: raw.length > LONGEST_OWN_TEXT ? size + cut : size };
}
