// The value of a colour token as the browser paints it: light-dark() and names resolved.
const probe = document.createElement("span");
probe.hidden = true;

export function cssColour(token) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}
