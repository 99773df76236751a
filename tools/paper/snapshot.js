// What the paper has of an open page: its text as it stands, widgets as their last picture.
//
// Chromium runs this in each page of the book. `at` says what the page is called, `known` what every
// other page is called: path -> name. Ids get the name in front, so that one document can hold all.

({ at, known }) => {
  dispatchEvent(new Event("beforeprint")); // the page gets ready for paper, and shows what it hid
  const article = document.querySelector("article.bd-article").cloneNode(true);
  const all = (selector) => [...article.querySelectorAll(selector)];

  /** The pixels of an image or a canvas on white paper: a PDF has no need of what shines through. */
  function onPaper(source, width, height) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false; // the cells of a heat map have edges
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(source, 0, 0, width, height);
    return canvas.toDataURL("image/png");
  }

  /** What a clone does not take with it: the pixels of canvases, and what stands in fields. */
  function takePictures() {
    const live = document.querySelector("article.bd-article");
    const images = [...live.querySelectorAll("img")];
    all("img").forEach((copy, i) => {
      const { naturalWidth: width, naturalHeight: height } = images[i];
      if (!/\.svg$/.test(copy.src)) copy.src = onPaper(images[i], width, height);
    });
    const canvases = [...live.querySelectorAll("canvas")];
    all("canvas").forEach((copy, i) => {
      const picture = document.createElement("img");
      const shown = canvases[i].getBoundingClientRect();
      const times = Math.max(1, Math.ceil((2 * shown.width) / canvases[i].width));
      picture.src = onPaper(canvases[i], times * canvases[i].width, times * canvases[i].height);
      picture.alt = copy.getAttribute("aria-label") ?? "";
      picture.className = copy.className;
      picture.style.cssText = `${copy.style.cssText};width:${shown.width}px;height:${shown.height}px`;
      copy.replaceWith(picture);
    });
    const fields = [...live.querySelectorAll("input, select, textarea")];
    all("input, select, textarea").forEach((copy, i) => {
      const field = fields[i];
      if (field.type === "checkbox" || field.type === "radio") {
        copy.toggleAttribute("checked", field.checked);
      } else if (field.tagName === "SELECT") {
        const chosen = document.createElement("span");
        chosen.className = "paper-field";
        chosen.textContent = field.selectedOptions[0]?.textContent ?? "";
        copy.replaceWith(chosen);
      } else if (field.type !== "range") {
        const typed = document.createElement("span");
        typed.className = "paper-field";
        typed.textContent = field.value || field.placeholder;
        copy.replaceWith(typed);
      } else copy.setAttribute("value", field.value);
    });
  }

  /** Solutions stand at the end of a chapter; what else is folded is there, or is code of figures. */
  function moveSolutions() {
    all("details.charlm-data").forEach((table) => table.remove());
    const exercises = article.querySelector("section#exercises");
    const solutions = document.createElement("section");
    solutions.id = "solutions";
    solutions.append(Object.assign(document.createElement("h2"), { textContent: "Solutions" }));
    let number = "";
    for (const element of exercises?.querySelectorAll("p, details") ?? []) {
      const begins = element.matches("p") && /^(\d+)\. /.exec(element.textContent);
      if (begins && element.querySelector(":scope > strong")) number = begins[1];
      if (!element.matches("details") || element.parentElement.closest("details")) continue;
      const title = document.createElement("p");
      title.append(Object.assign(document.createElement("strong"), { textContent: `Exercise ${number}` }));
      element.querySelector(":scope > summary").remove();
      solutions.append(title, ...element.childNodes);
      element.remove();
    }
    if (solutions.children.length > 1) article.querySelector("section").append(solutions);
    for (const folded of all("details")) {
      const isCode = folded.matches(".hide") && !folded.querySelector(".cell_output");
      if (isCode || folded.closest(".clm")) folded.remove();
      else folded.replaceWith(...[...folded.childNodes].filter((e) => e.nodeName !== "SUMMARY"));
    }
  }

  /** Where a link leads: into this document, to another host, or nowhere that paper knows. */
  function target(link) {
    const url = new URL(link.getAttribute("href"), location.href);
    if (url.origin !== location.origin) return url.protocol.startsWith("http") ? url.href : null;
    const name = known[url.pathname];
    return name === undefined ? null : `#${name}${url.hash ? `--${url.hash.slice(1)}` : ""}`;
  }

  takePictures();
  const unwanted =
    "script, style, noscript, button, .headerlink, mjx-assistive-mml, [popover], [hidden], .clm-hidden";
  all(unwanted).forEach((element) => element.remove());
  moveSolutions();
  for (const link of all("a[href]")) {
    const href = target(link);
    if (href === null) link.removeAttribute("href");
    else link.setAttribute("href", href);
  }
  for (const image of all("img[src]")) {
    image.removeAttribute("loading");
    image.setAttribute("src", new URL(image.getAttribute("src"), location.href).href);
  }
  all("[id]").forEach((element) => (element.id = `${at}--${element.id}`));
  for (const name of ["for", "aria-describedby", "aria-labelledby", "aria-details"]) {
    all(`[${name}]`).forEach((element) => element.removeAttribute(name));
  }
  article.id = at;
  const headings = all("h1, h2").map((heading) => ({
    level: Number(heading.tagName[1]),
    text: heading.textContent.trim(),
    at: (heading.closest("section[id]") ?? article).id,
  }));
  const inline = [...document.querySelectorAll("style")].map((style) =>
    // Widgets and MathJax write their rules into a sheet that the element's text does not show.
    [...style.sheet.cssRules].map((rule) => rule.cssText).join("\n"),
  );
  const sheets = [...document.querySelectorAll('link[rel="stylesheet"]')].map((link) => link.href);
  return { html: article.outerHTML, headings, inline, sheets };
};
