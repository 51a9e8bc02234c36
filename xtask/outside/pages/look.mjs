// Opens pages of `-o html` in a real browser, as people do: on a screen, on a phone, in the dark, on
// paper. Each must load nothing, fit, be readable by a screen reader and by the keyboard.
//
//   CHROMIUM=/usr/bin/chromium node look.mjs SCREENSHOTS PAGE…
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { readFile } from "node:fs/promises";

// The packages lie in the folder from which this is run.
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const LOOKS = [
  { name: "screen", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  { name: "phone", viewport: { width: 390, height: 844 }, colorScheme: "light" },
];

const [screenshots, ...pages] = process.argv.slice(2);
const problems = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
});
try {
  for (const path of pages) {
    for (const look of LOOKS) {
      const say = (problem) => problems.push(`${basename(path)}, ${look.name}: ${problem}`);
      const context = await browser.newContext(look);
      const page = await context.newPage();
      const url = pathToFileURL(path).href;
      page.on("request", (request) => request.url() === url || say(`asks for ${request.url()}`));
      page.on("console", (message) => say(`says ${message.text()}`));
      page.on("pageerror", (error) => say(`fails: ${error.message}`));
      const began = Date.now();
      await page.goto(url, { waitUntil: "load" });
      if (Date.now() - began > 5_000) say("takes more than 5 s to open");
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (tooWide > 0) say(`is ${tooWide} px wider than the window`);
      await page.evaluate(axe);
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
      const found = await page.evaluate((tags) => axe.run({ runOnly: tags, resultTypes: ["violations"] }), tags);
      for (const { id, help, nodes } of found.violations) {
        say(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
      }
      await page.screenshot({ path: join(screenshots, `${basename(path, ".html")}-${look.name}.png`) });
      await page.keyboard.press("Tab");
      const first = await page.evaluate(() => document.activeElement?.textContent);
      if (first !== "Skip to the results") say(`the first Tab reaches ${first}`);
      if (look.name === "screen") {
        await page.pdf({ path: join(screenshots, `${basename(path, ".html")}.pdf`), format: "A4" });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${pages.length} pages, ${LOOKS.length} looks each: nothing found`);
