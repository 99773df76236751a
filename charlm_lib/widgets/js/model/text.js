// The reader's own text: cleaned like charlm_lib.clean, and judged before a model learns from it.

export const SHORTEST_TEXT = 400;
export const LONGEST_TEXT = 200_000;
const MOST_TOKENS = 200;

/** Lower case, letters and single spaces: as `charlm_lib.clean`. */
export function cleanText(text) {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}]+/gu, " ")
    .trim();
}

/** Its distinct characters, the way charlm_lib.Vocab orders them. */
export function vocabularyOf(text) {
  const ordered = [...new Set(text)].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
  return ["<unk>", ...ordered];
}

/** What a reader's text is good for: { text, tokens } or { complaint }. */
export function judgeText(raw) {
  const text = cleanText(raw.slice(0, LONGEST_TEXT));
  const tokens = vocabularyOf(text);
  if (text.length < SHORTEST_TEXT) {
    const count = `${text.length} letters and spaces`;
    return { complaint: `This text has ${count}; learning needs at least ${SHORTEST_TEXT}.` };
  }
  if (tokens.length > MOST_TOKENS) {
    const count = `${tokens.length - 1} different characters`;
    return { complaint: `This text has ${count}; the widget takes at most ${MOST_TOKENS - 1}.` };
  }
  const cut = raw.length > LONGEST_TEXT;
  const first = cut ? ` Only the first ${LONGEST_TEXT.toLocaleString("en")} characters count.` : "";
  const size = `${text.length.toLocaleString("en")} characters, ${tokens.length} tokens`;
  return { text, tokens, note: `${size}.${first}` };
}
