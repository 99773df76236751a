// Drawing at most once a frame, however often something changes.

/** @param {() => void} draw */
export function oncePerFrame(draw) {
  let due = 0;
  return {
    request() {
      due ||= requestAnimationFrame(() => {
        due = 0;
        draw();
      });
    },
    cancel() {
      cancelAnimationFrame(due);
    },
  };
}

/**
 * Draws in the next frame once an element has another size. In the same one, what is drawn would be
 * observed again, which browsers tell as an error.
 * @param {Element} element
 * @param {() => void} draw
 * @returns {() => void} stops it
 */
export function whenResized(element, draw) {
  const frame = oncePerFrame(draw);
  const observer = new ResizeObserver(frame.request);
  observer.observe(element);
  return () => {
    observer.disconnect();
    frame.cancel();
  };
}
