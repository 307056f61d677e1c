// Looks at pages with axe, pa11y and Lighthouse. Reads one JSON object from the standard input:
// {chromium, flags, looks: [{scheme, width}], pages: [{label, url, cookie}]}, and writes one JSON line for each
// page and look: {label, scheme, width, axe: [..], pa11y: [..], lighthouse: [score, ..]}.
// Started in the folder that holds node_modules.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const load = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const [puppeteer, pa11y, lighthouse] = await Promise.all(["puppeteer-core", "pa11y", "lighthouse"].map(load));
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const HEIGHTS = { 360: 800, 1280: 900 };
const asked = JSON.parse(readFileSync(0, "utf8"));

const contexts = new Map();

// A context for each person, so that nobody's cookies are another's.
async function contextOf(browser, { url, cookie }) {
  const key = cookie ?? "";
  if (!contexts.has(key)) {
    const context = await browser.createBrowserContext();
    if (cookie) {
      const { hostname } = new URL(url);
      await context.setCookie({ name: "hub", value: cookie, domain: hostname, path: "/", httpOnly: true });
    }
    contexts.set(key, context);
  }
  return contexts.get(key);
}

async function openPage(context, { url }, { scheme, width }) {
  const page = await context.newPage();
  await page.setViewport({ width, height: HEIGHTS[width], isMobile: width < 600, hasTouch: width < 600 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(url, { waitUntil: "load" });
  return page;
}

async function runAxe(page) {
  await page.evaluate(axeSource);
  const options = { runOnly: RULES, resultTypes: ["violations"] };
  const { violations } = await page.evaluate((given) => window.axe.run(document, given), options);
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`));
}

async function runPa11y(browser, page, url) {
  const { issues } = await pa11y(url, { browser, page, ignoreUrl: true, runners: ["htmlcs"], standard: "WCAG2AA" });
  return issues.map((one) => `${one.code}: ${one.context}`);
}

// Lighthouse loads the page itself, in a tab of its own that is told the same.
async function runLighthouse(context, { url }, { scheme, width }) {
  const page = await context.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const screen = { width, height: HEIGHTS[width], deviceScaleFactor: 1, mobile: width < 600, disabled: false };
  const flags = {
    onlyCategories: ["accessibility"],
    formFactor: width < 600 ? "mobile" : "desktop",
    screenEmulation: screen,
    throttlingMethod: "provided",
    disableStorageReset: true,
    disableFullPageScreenshot: true,
    ignoreStatusCode: true,
    logLevel: "error",
  };
  const { lhr } = await lighthouse(url, flags, undefined, page);
  await page.close();
  const failed = Object.values(lhr.audits).filter((one) => one.score !== null && one.score < 1);
  const score = Math.round((lhr.categories.accessibility.score ?? 0) * 100);
  return { score, failed: lhr.runtimeError ? [lhr.runtimeError.message] : failed.map((one) => one.id) };
}

const browser = await puppeteer.launch({ executablePath: asked.chromium, args: asked.flags });
for (const wanted of asked.pages) {
  for (const look of asked.looks) {
    const found = { label: wanted.label, ...look };
    try {
      const context = await contextOf(browser, wanted);
      const page = await openPage(context, wanted, look);
      found.axe = await runAxe(page);
      found.pa11y = await runPa11y(browser, page, wanted.url);
      await page.close();
      found.lighthouse = await runLighthouse(context, wanted, look);
    } catch (error) {
      found.failed = String(error);
    }
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}
await browser.close();
