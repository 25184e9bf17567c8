"use strict";
(function () {
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    for (var up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    if (target) target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  // What is folded for want of room has room on paper; long lists stay folded.
  var folds = [];
  window.addEventListener("beforeprint", function () {
    folds = Array.prototype.filter.call(document.querySelectorAll("details:not([open])"), function (fold) {
      return fold.querySelectorAll("tr").length <= 100;
    });
    folds.forEach(function (fold) { fold.open = true; });
  });
  window.addEventListener("afterprint", function () {
    folds.forEach(function (fold) { fold.open = false; });
  });
  var input = document.getElementById("search");
  if (!input) return;
  document.getElementById("find").hidden = false;
  var out = document.getElementById("found");
  var blocks = Array.prototype.map.call(document.querySelectorAll(".searched .block"), function (block) {
    return {
      element: block,
      rows: Array.prototype.map.call(block.querySelectorAll("tbody tr"), function (row) {
        return { element: row, text: row.textContent.toLowerCase(), shown: true };
      }),
    };
  });
  var areas = document.querySelectorAll(".searched");
  var total = blocks.reduce(function (sum, block) { return sum + block.rows.length; }, 0);
  function search() {
    var word = input.value.trim().toLowerCase();
    var found = 0;
    blocks.forEach(function (block) {
      var here = 0;
      block.rows.forEach(function (row) {
        var shown = word === "" || row.text.indexOf(word) !== -1;
        if (shown) here += 1;
        if (shown !== row.shown) {
          row.shown = shown;
          row.element.hidden = !shown;
        }
      });
      block.element.hidden = here === 0;
      found += here;
    });
    areas.forEach(function (area) { area.classList.toggle("filtered", word !== ""); });
    out.textContent = found.toLocaleString("en") + " of " + total.toLocaleString("en");
  }
  input.addEventListener("input", search);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && document.activeElement === input) {
      input.value = "";
      search();
    } else if (event.key === "/" && document.activeElement !== input && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
    }
  });
  search();
})();
