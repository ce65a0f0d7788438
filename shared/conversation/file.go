package conversation

import "slices"

// MaxFile is the size of the largest file of a message, in bytes.
const MaxFile = 10 << 20

// FileTypes are those that browsers show without running anything: no HTML, no SVG.
var FileTypes = []string{"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf", "text/plain"}

// FileAllowed reports whether a message may have a file of a type and size.
func FileAllowed(contentType string, size int64) bool {
	return slices.Contains(FileTypes, contentType) && size >= 1 && size <= MaxFile
}
