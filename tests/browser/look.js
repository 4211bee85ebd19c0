// Opens pages in a real browser and writes what it saw as JSON: `node look.js CHROMIUM FOLDER`.
// FOLDER holds pages and plan.json, which says how to look at them; screenshots and seen.json go there.
// What is right and what is wrong is for test_page_in_browser.py to say.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const [executablePath, folder] = process.argv.slice(2);
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
];

async function main() {
  // Chromium's own sandbox cannot start as root.
  const args = process.getuid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS;
  const browser = await chromium.launch({ executablePath, args });
  const seen = { views: [], keyboard: {}, pictures: {}, print: {}, plain: {} };
  try {
    for (const [name, colorScheme, width] of JSON.parse(fs.readFileSync(path.join(folder, "plan.json"), "utf-8"))) {
      seen.views.push(await view(browser, name, colorScheme, width));
    }
    seen.keyboard = await keyboard(browser, "rich.html");
    for (const colorScheme of ["light", "dark"]) {
      seen.pictures[colorScheme] = await pictures(browser, "rich.html", colorScheme);
    }
    seen.print = await print(browser, "rich.html");
    seen.plain = await plain(browser, "rich.html");
  } finally {
    await browser.close();
  }
  fs.writeFileSync(path.join(folder, "seen.json"), JSON.stringify(seen));
}

async function opened(browser, name, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const log = { requests: [], console: [] };
  context.on("request", (request) => log.requests.push(request.url()));
  context.on("console", (message) => log.console.push(`${message.type()}: ${message.text()}`));
  context.on("weberror", (problem) => log.console.push(String(problem.error())));
  context.on("dialog", (dialog) => {
    log.console.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  // A request is noted, but leaves the machine in no case.
  await context.route(/^(?!file:|data:)/, (route) => route.abort());
  const page = await context.newPage();
  const url = pathToFileURL(path.join(folder, name)).href;
  await page.goto(url);
  return { context, page, log, url };
}

async function view(browser, name, colorScheme, width) {
  const { context, page, log, url } = await opened(browser, name, { colorScheme, viewport: { width, height: 900 } });
  const closed = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  // What is folded counts as well.
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  const open = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  const code = await page.evaluate(() =>
    [...document.querySelectorAll("td.line")].map((one) => one.getBoundingClientRect().width).filter((wide) => wide > 0),
  );
  const tall = await page.evaluate(() =>
    [...document.querySelectorAll("code")].filter((one) => one.getClientRects().length > 6).map((one) => one.outerHTML),
  );
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map(
      (one) => `${one.id}, ${one.nodes.length} times: ${one.nodes[0].html.slice(0, 300)} ${one.nodes[0].failureSummary}`,
    );
  });
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await context.close();
  return { name, colorScheme, width, url, closed, open, code, tall, violations, background, ...log };
}

async function keyboard(browser, name) {
  const { context, page } = await opened(browser, name, {});
  const all = await page.evaluate(() => {
    const found = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
    found.forEach((one, at) => one.setAttribute("data-at", at));
    return found.length;
  });
  const reached = [];
  const invisible = [];
  const stuck = [];
  for (let step = 0; step < 2 * all; step += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      const closed = one.tagName === "SUMMARY" && !one.parentElement.open;
      const outline = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
      return { at: one.getAttribute("data-at"), html: one.outerHTML.slice(0, 100), outline, closed };
    });
    if (here.at === null || reached.includes(Number(here.at))) break;
    reached.push(Number(here.at));
    if (here.outline < 2) invisible.push(here.html);
    if (here.closed) {
      await page.keyboard.press("Enter");
      if (!(await page.evaluate(() => document.activeElement.parentElement.open))) stuck.push(here.html);
    }
  }
  await page.reload();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const skipped = await page.evaluate(() => [location.hash, document.activeElement.id]);
  await context.close();
  return { all, reached: reached.length, inOrder: reached.every((at, index) => at === index), invisible, stuck, skipped };
}

const PICTURES = {
  search: "svg.search",
  timeline: "svg.timeline",
  heat: "table.heat",
  diff: "table.diff",
  tally: "svg.tally",
  strip: "td svg.strip",
};

async function pictures(browser, name, colorScheme) {
  const { context, page } = await opened(browser, name, { colorScheme });
  const found = {};
  for (const [what, selector] of Object.entries(PICTURES)) {
    const picture = page.locator(selector).first();
    const file = path.join(folder, `${what}-${colorScheme}.png`);
    await picture.screenshot({ path: file });
    const marks = await picture.evaluate((root) =>
      [...root.querySelectorAll("rect[class], path[class], td[class]")].map((one) => {
        const { width, height } = one.getBoundingClientRect();
        const style = getComputedStyle(one);
        const colour = one.tagName === "TD" ? style.backgroundColor : style.fill === "none" ? style.stroke : style.fill;
        const row = one.parentElement.getAttribute("class") || "";
        return { kind: row.startsWith("heat") ? row : one.getAttribute("class"), width, height, colour };
      }),
    );
    const colours = await counted(context, fs.readFileSync(file).toString("base64"));
    found[what] = { marks, colours };
  }
  await page.screenshot({ path: path.join(folder, `whole-${colorScheme}.png`), fullPage: true });
  await context.close();
  return found;
}

// Counts the pixels of each colour of a PNG, in a page of its own: the browser can read images, and so need not we.
async function counted(context, base64) {
  const page = await context.newPage();
  const colours = await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const drawing = canvas.getContext("2d");
    drawing.drawImage(image, 0, 0);
    const pixels = drawing.getImageData(0, 0, image.width, image.height).data;
    const count = {};
    for (let at = 0; at < pixels.length; at += 4) {
      const colour = `rgb(${pixels[at]}, ${pixels[at + 1]}, ${pixels[at + 2]})`;
      count[colour] = (count[colour] || 0) + 1;
    }
    return Object.fromEntries(Object.entries(count).filter(([, number]) => number >= 20));
  }, base64);
  await page.close();
  return colours;
}

async function print(browser, name) {
  // As wide as A4 between margins of 10 mm.
  const { context, page } = await opened(browser, name, { viewport: { width: 718, height: 1000 } });
  const hidden = () =>
    [...document.querySelectorAll("details:not([open]) > :not(summary)")].filter((one) => !one.checkVisibility()).length;
  const onScreen = await page.evaluate(hidden);
  await page.emulateMedia({ media: "print" });
  const onPaper = await page.evaluate(hidden);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await context.close();
  return { onScreen, onPaper, width };
}

async function plain(browser, name) {
  const { context, page, log } = await opened(browser, name, { javaScriptEnabled: false, offline: true });
  const before = await page.locator("details[open]").count();
  await page.locator("details:not([open]) > summary").first().click();
  const after = await page.locator("details[open]").count();
  const heading = await page.locator("h1").innerText();
  await context.close();
  return { before, after, heading, ...log };
}

main().catch((problem) => {
  console.error(problem);
  process.exitCode = 1;
});
