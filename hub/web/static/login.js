// The login page only tells the hub which time zone the browser is in, so that the first page has the right times.
import "./zone.js";
