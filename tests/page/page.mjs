// Opens the page of a report in a browser without a network, and looks for what it must not do: an error, a request, a
// finding of accessibility, a name that is more than text. Arguments: the page of a hostile organization, and that of a large
// one. CHROMIUM is the browser.
import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.TOOLS}/npm/`);
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [hostile, large] = process.argv.slice(2);
const problems = [];
const check = (good, words) => {
  if (!good) problems.push(words);
};

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
const open = async (file, options = {}) => {
  const page = await browser.newPage();
  await page.setViewport({ width: options.width ?? 1280, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: options.scheme ?? "light" }]);
  if (options.scripts === false) await page.setJavaScriptEnabled(false);
  if (options.bypass) await page.setBypassCSP(true);
  const address = pathToFileURL(file).href;
  page.on("console", (message) => check(message.type() !== "error", `console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("request", (request) => check(request.url() === address, `request: ${request.url()}`));
  await page.goto(address, { waitUntil: "load" });
  return page;
};

for (const scheme of ["light", "dark"]) {
  const page = await open(hostile, { scheme, bypass: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, nodes } of violations) problems.push(`axe, ${scheme}: ${id}: ${nodes[0].html.slice(0, 200)}`);
  await page.close();
}

for (const width of [400, 768, 1280, 1600]) {
  const page = await open(hostile, { width });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `at ${width} pixels the page is ${wide} too wide`);
  const foreign = await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, link, [onerror], [style]").length);
  check(foreign === 0, `${foreign} elements that are not ours`);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${width}.png` });
  await page.close();
}
if (process.env.SHOTS) {
  const page = await open(hostile, { scheme: "dark" });
  await page.screenshot({ path: `${process.env.SHOTS}/dark.png` });
  await page.close();
}

const bare = await open(hostile, { scripts: false });
const text = await bare.evaluate(() => document.body.innerText).catch(() => "");
check(text === "" || text.includes("People"), "without scripts the page has no people");
await bare.close();

const page = await open(hostile);
await page.keyboard.press("/");
check(await page.evaluate(() => document.activeElement.id === "search"), "`/` does not lead to the search");
await page.keyboard.type("no such person");
check((await page.$eval("#found", (it) => it.textContent)).startsWith("0 of "), "the search finds what is not there");
await page.keyboard.press("Escape");
check(!(await page.$eval("#found", (it) => it.textContent)).startsWith("0 of "), "Escape does not clear the search");
const reached = new Set();
await page.reload();
for (let at = 0; at < 60; at += 1) {
  await page.keyboard.press("Tab");
  reached.add(await page.evaluate(() => document.activeElement.tagName));
}
for (const tag of ["A", "INPUT", "SUMMARY"]) check(reached.has(tag), `Tab does not reach ${tag}`);
await page.close();

if (large) {
  const size = statSync(large).size;
  check(size <= 6_000_000, `the page of a large organization has ${size} bytes`);
  const began = Date.now();
  const page = await open(large);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const drawn = Date.now() - began;
  const strokes = await page.evaluate(() => {
    const input = document.getElementById("search");
    return ["p", "pe", "per", "pers", "person7", ""].map((word) => {
      const began = performance.now();
      input.value = word;
      input.dispatchEvent(new Event("input"));
      document.body.offsetHeight;
      return Math.round(performance.now() - began);
    });
  });
  console.log(`${size} bytes, drawn in ${drawn} ms, key strokes ${strokes.join(", ")} ms`);
  await page.close();
}
await browser.close();
for (const problem of new Set(problems)) console.error(problem);
process.exit(problems.length ? 1 : 0);
