// A lease that went to somebody else before there was an answer.
import { showToast } from "../lib/toast.js";
import { toElement } from "./ahead.js";
import { addNotice, words } from "./page.js";

// The conflict card says what a colleague decided, or that one is looking at it.
export async function tellWhoHas(url) {
  const response = await fetch(url).catch(() => null);
  if (response?.ok) addNotice(toElement(await response.text()));
  else showToast(words.get("lost"));
}
