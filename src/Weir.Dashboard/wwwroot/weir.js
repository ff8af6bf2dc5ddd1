// Asks for the open page again every second and puts in what has changed. Buttons are forms and links are links, so all else works without.
"use strict";
(() => {
  const every = 1000;
  const update = (from, to) => {
    if (from.isEqualNode(to)) return;
    const same = from.nodeType === 1 && to.nodeType === 1 && from.tagName === to.tagName && from.childNodes.length === to.childNodes.length;
    if (!same) { from.replaceWith(to.cloneNode(true)); return; }
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    const fresh = [...to.childNodes];
    [...from.childNodes].forEach((child, i) => {
      if (child.nodeType === 3 && fresh[i].nodeType === 3) { if (child.data !== fresh[i].data) child.data = fresh[i].data; }
      else update(child, fresh[i]);
    });
  };
  const look = async () => {
    const live = document.querySelector("[data-live]");
    const active = document.activeElement;
    const isTyping = active && live && live.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
    if (live && !document.hidden && !isTyping) {
      try {
        const address = new URL(location.href);
        const answer = await fetch(address, { headers: { "X-Weir-Live": "1" }, redirect: "error" });
        if (answer.status === 401) { location.href = "/login"; return; }
        const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
        if (answer.ok && next) update(live, next);
      } catch {
        const condition = document.querySelector(".condition");
        if (condition) { condition.textContent = "The dashboard does not answer; it is asked again."; condition.classList.add("problem"); }
      }
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
})();
