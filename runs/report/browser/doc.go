// Package browser checks the report's pages in a real Chromium. It is a module of its own,
// so that nothing of the browser's driver is in Loadtrace's. It has tests only; .ci/run
// writes the pages and names their directory in PAGES.
package browser
