import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { Gallery } from "./gallery/Gallery.tsx";
import "slack-blocks-to-jsx/dist/style.css";
import "./css/base.css";
import "./css/chat.css";
import "./css/message.css";
import "./css/form.css";
import "./css/world.css";
import "./css/phone.css";
import "./css/gallery.css";

const gallery = new URLSearchParams(location.search).get("gallery"); // the tests' own view; the demo has none
createRoot(document.getElementById("root")!).render(gallery ? (
  <Gallery path={`/gallery/${encodeURIComponent(gallery)}.json`} language={gallery.startsWith("ja-") ? "ja" : "en"} />
) : <App />);
