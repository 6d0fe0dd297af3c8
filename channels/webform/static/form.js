// Articles that may answer before anything is sent. Without it the form works the same; they come on the page after it then.
import { offerArticles } from "/help/suggest.js";

const areas = ["subject", "message"].map((name) => document.getElementById(name));
offerArticles(areas, document.getElementById("offers"));
