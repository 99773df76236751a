// From a text to the tokens that a model reads.

/**
 * Reduces a text to lower-case letters (of any alphabet) and single spaces: the rule of
 * `charlm_lib.clean`, to the letter.
 *
 * Format characters (soft hyphens, joiners) vanish; any other character that is neither a letter
 * nor a mark becomes a space, and so do the marks on it. NFC comes last: lower case can decompose.
 */
export function cleanText(text) {
  const visible = text.toLowerCase().replace(/\p{Cf}+/gu, "");
  return ` ${visible}` // a mark at the start stands on nothing
    .replace(/[^\p{L}\p{M}][^\p{L}]*/gu, " ")
    .trim()
    .normalize("NFC");
}

/** Its distinct characters, the way charlm_lib.Vocab orders them. */
export function vocabularyOf(text) {
  const ordered = [...new Set(text)].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
  return ["<unk>", ...ordered];
}

/**
 * Splits text into what the model can read. A capital counts as its small letter where the
 * vocabulary has only that one.
 * @returns {{shown: string, known: boolean, token: number}[]} one entry per character
 */
export function readText(text, tokens) {
  const index = new Map(tokens.map((token, i) => [token, i]));
  return Array.from(text, (character) => {
    const shown = index.has(character) ? character : character.toLowerCase();
    const known = index.has(shown);
    return { shown: known ? shown : character, known, token: known ? index.get(shown) : -1 };
  });
}
