// The reader's own text, judged before a model learns from it.

import { cleanText, vocabularyOf } from "../model/text.js";

export const SHORTEST_OWN_TEXT = 400; // characters
export const LONGEST_OWN_TEXT = 200_000;
const MOST_TOKENS = 200;
const TITLE_LENGTH = 28; // characters

const inThousands = (number) => number.toLocaleString("en");

/** A text by its first words: “it was a dark and…” */
export function firstWords(text) {
  const words = Array.from(text).slice(0, TITLE_LENGTH).join("");
  return `“${words.trim()}${words.length < text.length ? "…" : ""}”`;
}

/**
 * What a reader's text is good for.
 * @returns {{text: string, tokens: string[], title: string, note: string}|{complaint: string}}
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
  const title = `your text ${firstWords(text)}, ${inThousands(length)} characters`;
  return { text, tokens, title, note: raw.length > LONGEST_OWN_TEXT ? size + cut : size };
}
