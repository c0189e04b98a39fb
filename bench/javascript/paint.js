// `node paint.js`: prints, as JSON, how many seconds the page whose address comes on standard input takes to its first
// contentful paint, in a browser that has not seen it before. The median of five; the last is with the link that works once.

import { text } from "node:stream/consumers";
import { launch } from "./browser.js";
import { median } from "./jobs.js";

const link = (await text(process.stdin)).trim();
const took = [];
for (const address of [...Array(4).fill(new URL("/", link).href), link]) {
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(address);
  took.push(await page.evaluate(firstPaint));
  await browser.close();
}
console.log(JSON.stringify({ firstPaint: median(took) }));

function firstPaint() {
  return new Promise((told) => {
    new PerformanceObserver((list) => {
      for (const { startTime } of list.getEntriesByName("first-contentful-paint")) {
        told(startTime / 1000);
      }
    }).observe({ type: "paint", buffered: true });
  });
}
