// Opens the simulator's pages in a real browser, on a phone and in the dark, and presses a button as a
// person does: a browser sends headers with a form that no other client sends.
//
//   CHROMIUM=/usr/bin/chromium GONG_BASE_URL=… GONG_SIM_TOKEN=… node press.mjs SCREENSHOTS
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFile } from "node:fs/promises";

// The packages lie in the folder from which this is run.
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const RULE = "company-inactive";
const PAGES = ["", "pages/uploads", "pages/requests", "pages/rules", "pages/endpoints"];

const [screenshots] = process.argv.slice(2);
const { GONG_BASE_URL: base, GONG_SIM_TOKEN: token } = process.env;
const problems = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
});
try {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme });
    const page = await context.newPage();
    let now = "";
    const say = (problem) => problems.push(`${now}, ${colorScheme}: ${problem}`);
    page.on("console", (message) => say(`says ${message.text()}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(base) && !url.startsWith("data:")) say(`asks for ${url}`);
    });
    await page.goto(`${base}/_sim/?token=${token}`);
    for (const path of PAGES) {
      now = `/_sim/${path}`;
      await page.goto(base + now, { waitUntil: "load" });
      const wide = await page.evaluate(() => {
        const main = document.querySelector("main");
        return Math.max(document.documentElement.scrollWidth - window.innerWidth, main.scrollWidth - main.clientWidth);
      });
      if (wide > 0) say(`is ${wide} px wider than the window`);
      await page.evaluate(axe);
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
      const found = await page.evaluate((tags) => axe.run({ runOnly: tags, resultTypes: ["violations"] }), tags);
      for (const { id, help, nodes } of found.violations) {
        say(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
      }
      const name = `simulator-${path.split("/").pop() || "start"}-${colorScheme}.png`;
      await page.screenshot({ path: join(screenshots, name) });
    }
    now = "/_sim/pages/rules";
    await page.goto(base + now);
    for (const [press, name] of [
      [(button) => button.click(), `turn on ${RULE}`],
      [(button) => button.focus().then(() => page.keyboard.press("Enter")), `turn off ${RULE}`],
    ]) {
      const answered = page.waitForResponse((response) => response.request().method() === "POST");
      await press(page.getByRole("button", { name }));
      const status = (await answered).status();
      if (status !== 303) say(`"${name}" is answered ${status}`);
      await page.waitForLoadState("load");
      if (new URL(page.url()).hash !== `#${RULE}`) say(`"${name}" leads to ${page.url()}`);
    }
    await context.close();
  }
} finally {
  await browser.close();
}
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
