// Runs regular expressions away from the page: `{query, texts}` in, the matches of each text out.
// Whoever asked ends this worker when an expression takes too long.

import { matcher } from "./matcher.js";

self.onmessage = ({ data: { query, texts } }) => {
  const { find } = matcher(query);
  self.postMessage(texts.map((text) => (find ? find(text) : [])));
};
