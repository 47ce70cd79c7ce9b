"use strict";
const steps = JSON.parse(document.getElementById("told").textContent);
const box = document.getElementById("picture"), image = box.querySelector("img");
const slider = box.querySelector("input"), at = document.getElementById("at");
const dots = document.getElementById("dots");
const back = document.getElementById("back"), next = document.getElementById("next");
let step = 0, slice = 0;
const held = new Map();
function pictures(n) {
  if (!held.has(n)) held.set(n, steps[n].images.map(function (coded) {
    const made = new Image();
    made.src = "data:image/jpeg;base64," + coded;
    return made;
  }));
  return held.get(n);
}
function show(n) {
  const told = steps[step];
  slice = told.turns ? (n + told.images.length) % told.images.length : Math.max(0, Math.min(told.images.length - 1, n));
  image.src = pictures(step)[slice].src;
  image.alt = told.title + ", " + told.places[slice];
  slider.value = slice;
  at.textContent = told.places[slice] + " · " + (slice + 1) + " of " + told.images.length;
}
function go(n) {
  step = Math.max(0, Math.min(steps.length, n));
  const end = step === steps.length;
  document.body.classList.toggle("end", end);
  back.disabled = step === 0;
  next.disabled = end;
  Array.from(dots.children).forEach(function (dot, m) {
    dot.className = "dot" + (m < step ? " done" : m === step ? " now" : "");
    dot.setAttribute("aria-current", m === step ? "step" : "false");
  });
  if (end) return;
  const told = steps[step];
  document.querySelector("aside .number").textContent = "Step " + (step + 1) + " of " + steps.length;
  document.querySelector("aside h1").textContent = told.title;
  document.getElementById("words").innerHTML = told.words;
  document.getElementById("found").innerHTML = told.found;
  box.classList.toggle("turns", told.turns);
  slider.max = told.images.length - 1;
  slider.parentElement.style.visibility = told.images.length > 1 ? "visible" : "hidden";
  show(told.start);
  if (step + 1 < steps.length) setTimeout(pictures, 50, step + 1);
}
for (let n = 0; n <= steps.length; n++) {
  const dot = document.createElement("button");
  dot.title = n < steps.length ? steps[n].title : "Where this comes from";
  dot.onclick = function () { go(n); };
  dots.appendChild(dot);
}
back.onclick = function () { go(step - 1); };
next.onclick = function () { go(step + 1); };
slider.oninput = function () { show(Number(slider.value)); };
document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const moves = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
  const scrolls = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves) go(step + moves[event.key]);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(steps.length);
  else if (event.key in scrolls && step < steps.length) show(slice + scrolls[event.key]);
  else return;
  event.preventDefault();
});
let turned = 0;
box.addEventListener("wheel", function (event) {
  event.preventDefault();
  // One notch of a wheel is one image; a touchpad sends many small parts of one.
  const notch = event.deltaMode !== 0 || Math.abs(event.deltaY) >= 50;
  turned = notch ? Math.sign(event.deltaY) : turned + event.deltaY / 40;
  const whole = Math.trunc(turned);
  if (whole) { turned -= whole; show(slice + whole); }
}, { passive: false });
let dragged = null;
box.addEventListener("pointerdown", function (event) {
  if (event.target !== image) return;
  dragged = { place: steps[step].turns ? event.clientX : event.clientY, slice: slice };
  box.setPointerCapture(event.pointerId);
  event.preventDefault();
});
box.addEventListener("pointermove", function (event) {
  if (!dragged) return;
  const place = steps[step].turns ? event.clientX : event.clientY;
  show(dragged.slice + Math.round((place - dragged.place) / 10));
});
box.addEventListener("pointerup", function () { dragged = null; });
go(0);
