/** Keys for the large view, which works without them: Escape closes, arrows go on. */

const large = () => document.querySelector(".large:target");
const go = (hash) => location.replace(hash);

document.addEventListener("keydown", (event) => {
  const open = large();
  if (!open) return;
  if (event.key === "Escape") go(`#${open.id.replace("-large", "")}`);
  const near = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
  const next = near && open[near];
  if (next?.classList.contains("large")) go(`#${next.id}`);
});

/** The keyboard follows the eye, and comes back to where it was. */
addEventListener("hashchange", ({ oldURL }) => {
  const open = large();
  const was = new URL(oldURL).hash.slice(1).replace("-large", "");
  if (open) open.querySelector(".close").focus();
  else document.getElementById(was)?.querySelector(".look").focus({ preventScroll: true });
});
