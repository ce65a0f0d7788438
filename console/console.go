// Package console has the operators' pages and the storefront's web components as static files: plain JavaScript
// modules, without a framework and without a build. The console function serves them, on a laptop and on AWS.
package console

import "embed"

// Files are the pages by folder.
//
//go:embed chat gift pay
var Files embed.FS
