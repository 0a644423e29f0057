// Half a page is none: where a module or a style sheet did not arrive (a VPN came up, a laptop woke, the sidecar was just
// restarted), the page is loaded again as soon as somebody answers. No module itself, so as not to share their fate.

(() => {
  const LONGEST = 30_000;
  const tries = Number(/^tried (\d+) times$/.exec(window.name)?.[1] ?? 0); // main.js forgets it: the page is whole
  let lost = false;

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const answers = () => fetch("/healthz", { cache: "no-store" }).then(({ ok }) => ok, () => false);

  async function again() {
    document.querySelector(".half")?.removeAttribute("hidden");
    do await pause(Math.min(LONGEST, 500 * 2 ** tries));
    while (!(await answers()));
    window.name = `tried ${tries + 1} times`; // no storage, which some browsers forbid
    location.reload();
  }

  const matters = ({ localName, rel }) => localName === "script" || (localName === "link" && rel === "stylesheet");

  window.addEventListener(
    "error",
    ({ target }) => {
      if (lost || target === window || !matters(target)) return;
      lost = true;
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", again);
      else again();
    },
    true,
  );
})();
