import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import "slack-blocks-to-jsx/dist/style.css";
import "./css/base.css";
import "./css/chat.css";
import "./css/message.css";
import "./css/form.css";
import "./css/world.css";
import "./css/phone.css";

createRoot(document.getElementById("root")!).render(<App />);
