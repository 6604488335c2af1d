// app.mjs PAGE SERVICE_KEY FOLDER: the app as people use it, in a real browser against the real service. Leaves screenshots.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [, , page_url, key, folder] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  const complaints = [], texts = [], requests = [];
  page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(JSON.stringify(request.headers()) + request.url() + (request.postData() ?? "")));
  page.on("response", async (response) => texts.push(await response.text().catch(() => "")));

  await page.goto(page_url);
  await page.getByText("ONC-302, v3: dropout within 28 days; finds 81 % of dropouts, 32 % of its alerts are right").waitFor();
  assert.match(await page.locator(".empty").innerText(), /falling risk/);

  const enter = async (fields) => {
    for (const [name, value] of Object.entries(fields)) {
      const field = page.locator(`[name="${name}"]`);
      if (name === "arm") await field.selectOption(value);
      else await field.fill(value);
    }
    await page.getByRole("button", { name: "Predict" }).click();
    await page.getByRole("button", { name: "Predict", disabled: false }).waitFor();
  };
  const hint = (name) => page.locator(`#${name}-hint`).innerText();

  // What is wrong stands beside its field, and nothing that was entered is lost.
  await enter({ patient_id: "P-001", age: "17", distance_km: "far", arm: "B" });
  await page.locator("[role=alert]").waitFor();
  assert.equal(await hint("age"), "must be at least 18");
  assert.equal(await hint("distance_km"), "must be a number");
  assert.equal(await page.locator("[name=patient_id]").inputValue(), "P-001");
  assert.deepEqual(complaints.splice(0).filter((text) => !text.includes("422")), []);
  await page.screenshot({ path: `${folder}/refused.png` });

  // Patients by falling risk, with tier, reasons and what is to be done.
  await enter({ age: "61", distance_km: "40,5", missed_visits: "2" });
  await page.locator("[data-patient=P-001]").waitFor();
  assert.equal(await page.locator("[role=alert]").count(), 0);
  await enter({ patient_id: "P-002", age: "50", distance_km: "40.5", arm: "A" });
  await page.locator("[data-patient=P-002]").waitFor();
  await enter({ patient_id: "P-003", age: "75", distance_km: "40.5", missed_visits: "4", arm: "B" });
  await page.locator("[data-patient=P-003]").waitFor();
  const ids = () => page.locator("[data-patient]").evaluateAll((rows) => rows.map((row) => row.dataset.patient));
  assert.deepEqual(await ids(), ["P-003", "P-001", "P-002"]);
  const tiers = await page.locator("[data-patient] .badge").allInnerTexts();
  assert.deepEqual(tiers.map((text) => text.replace(/^\S+ /, "")), ["Critical", "Medium", "Low"]);
  const first = page.locator("[data-patient=P-003]");
  assert.equal(await first.locator(".reasons li").count(), 3);
  assert.match(await first.locator(".reasons li").first().innerText(), /^Age 75 ▲ [0-9.]+ points$/);
  assert.match(await page.locator("[data-patient=P-002]").innerText(), /Not given, a usual value was taken: Missed visits/);
  await page.screenshot({ path: `${folder}/list.png` });

  // A patient who is asked about again stands there once, with the newer risk.
  await enter({ patient_id: "P-003", age: "50", distance_km: "40.5", arm: "A" });
  await page.waitForFunction(() => document.querySelector("[data-patient]").dataset.patient === "P-001");
  assert.equal((await ids()).length, 3);
  await page.getByRole("group", { name: "Tiers" }).getByRole("button", { name: /Low/ }).click();
  assert.deepEqual((await ids()).sort(), ["P-002", "P-003"]);
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the narrow page scrolls sideways");
  await page.screenshot({ path: `${folder}/narrow.png`, fullPage: true });

  // The key is nowhere in the browser.
  assert.deepEqual(complaints, []);
  assert.ok(texts.length >= 8 && requests.length >= 8);
  assert.ok([...texts, ...requests, await page.content()].every((text) => !text.includes(key)), "the key reached the browser");

  // The back end answers this page and nobody else's, and no other question.
  const ask = (path, init) => fetch(page_url + path, init).then((answer) => answer.status);
  const body = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  assert.equal(await ask("api/predict", body), 422);
  assert.equal(await ask("api/predict", { ...body, headers: { ...body.headers, "sec-fetch-site": "cross-site" } }), 403);
  assert.equal(await ask("api/predict", { ...body, body: "x".repeat(70_000) }), 413);
  for (const path of ["api/predict", "api/openapi.json", "api/../server.mjs"]) assert.notEqual(await ask(path), 422, path);
  assert.equal(await ask("api/metrics"), 404);
  for (const path of ["server.mjs", "assets/..%2f..%2fserver.mjs", "../server.mjs"]) {
    assert.ok(!(await (await fetch(page_url + path)).text()).includes("API_KEY_FILE"), path);
  }
  console.log("the app does what it should");
} finally {
  await browser.close();
}
