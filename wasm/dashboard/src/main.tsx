import { render } from "preact";

import "./style/base.css";
import "./style/parts.css";
import "./style/inside.css";
import "./style/entry.css";
import { App } from "./app";
import { showTheme } from "./settings";
import { takeToken } from "./source/host";

const token = takeToken();
showTheme();
render(<App token={token} />, document.getElementById("page") ?? document.body);
