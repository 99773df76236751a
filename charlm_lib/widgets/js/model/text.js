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
 * Spells a text as a vocabulary does: the rule of `charlm_lib.Vocab.fold`. A character that the
 * vocabulary lacks becomes its small form where the vocabulary has that; all others stay.
 * @param {string} text
 * @param {{has: (token: string) => boolean}} vocabulary
 */
function foldText(text, vocabulary) {
  const composed = text.normalize("NFC");
  const small = composed.toLowerCase(); // some letters differ at the end of a word
  let at = 0;
  const folded = Array.from(composed, (character) => {
    const form = small.slice(at, (at += character.toLowerCase().length));
    const fits = !vocabulary.has(character) && Array.from(form).every((c) => vocabulary.has(c));
    return fits ? form : character;
  });
  return folded.join("").normalize("NFC");
}

/**
 * Splits text into what the model can read, spelled as its vocabulary does.
 * @returns {{shown: string, known: boolean, token: number}[]} one entry per character
 */
export function readText(text, tokens) {
  const index = new Map(tokens.map((token, i) => [token, i]));
  return Array.from(foldText(text, index), (shown) => {
    const known = index.has(shown);
    return { shown, known, token: known ? index.get(shown) : -1 };
  });
}
