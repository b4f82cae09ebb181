// Fold case and accents, so that "electromenager" finds "Électroménager".
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("œ", "oe").replaceAll("æ", "ae").replaceAll("ß", "ss");
}

// How well `query` matches `text`, both folded: 0 is no match, higher is better. The start of the
// text beats the start of a word, which beats the middle of one; then all words in any order; then
// the letters in order (a forgiving last resort, from 3 letters on).
export function matchScore(query, text) {
  if (!query) return 1;
  const at = text.indexOf(query);
  if (at === 0) return 100;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]) ? 60 : 80;
  const words = query.split(/\s+/).filter(Boolean);
  if (words.length > 1 && words.every((word) => text.includes(word))) return 40;
  return query.length >= 3 && isSubsequence(query.replace(/\s+/g, ""), text) ? 10 : 0;
}

function isSubsequence(letters, text) {
  let from = 0;
  for (const letter of letters) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

// True when a key press belongs to the element: typing must never trigger a shortcut.
export function isTyping(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));
}
