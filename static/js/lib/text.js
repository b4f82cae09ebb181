// Fold case and accents, so that "electromenager" finds "Électroménager".
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("œ", "oe").replaceAll("æ", "ae").replaceAll("ß", "ss");
}

// How well `query` matches `text`, both folded: 0 is no match, higher is better. The start of the
// text beats the start of a word, which beats the middle of one; then all words in any order; then
// words with one slip each; then the letters of one word in order, from its first and 3 letters on.
export function matchScore(query, text) {
  if (!query) return 1;
  const at = text.indexOf(query);
  if (at === 0) return 100;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]) ? 60 : 80;
  const words = query.split(/\s+/).filter(Boolean);
  if (words.length > 1 && words.every((word) => text.includes(word))) return 40;
  const known = text.split(/[^\p{L}\p{N}]+/u);
  if (query.length >= 4 && words.every((word) => known.some((other) => isNearly(word, other)))) return 20;
  return query.length >= 3 && known.some((word) => word[0] === query[0] && isSubsequence(query, word)) ? 10 : 0;
}

// Typed out, a name or synonym beats whatever else begins like it.
const WHOLE = 400;

// The options ({name, terms, order}, folded) that match the folded `query`, the best first: by the
// name twice and by the best of the terms; equal ones in their order.
export function ranked(options, query) {
  return options
    .map((option) => ({ option, score: scoreOf(option, query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.option.order - b.option.order)
    .map(({ option }) => option);
}

function scoreOf({ name, terms }, query) {
  // The last one: words of several terms together.
  const scores = [...terms, terms.join(" ")].map((term) => (term === query ? WHOLE : matchScore(query, term)));
  return matchScore(query, name) * 2 + Math.max(...scores);
}

// True when `query` is the start of `word` but for one slip: a letter too much, one too few, one
// wrong, or two neighbours swapped.
export function isNearly(query, word) {
  let at = 0;
  while (at < query.length && query[at] === word[at]) at += 1;
  const rest = query.slice(at + 1);
  return word.startsWith(rest, at + 1) || word.startsWith(rest, at) || word.startsWith(query.slice(at), at + 1)
    || (query[at] === word[at + 1] && query[at + 1] === word[at] && word.startsWith(query.slice(at + 2), at + 2));
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
