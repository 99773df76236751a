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
