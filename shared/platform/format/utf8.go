package format

import (
	"bytes"
	"net/http"
	"unicode/utf8"

	"dangol/shared/platform/problem"
)

// UTF8 refuses a file in another encoding, such as CP949, in which Korean Excel saves CSV: it would be stored as other
// text than its owner sees. The sign U+FFFD counts as well, because API Gateway puts it in place of bytes that are no
// UTF-8. Errors: 422 wrong_encoding.
func UTF8(file []byte) error {
	if !bytes.ContainsRune(file, utf8.RuneError) { // finds invalid bytes and the sign
		return nil
	}
	return problem.New(http.StatusUnprocessableEntity, "wrong_encoding",
		"The file is not UTF-8. In Excel, save it as \"CSV UTF-8\"; `make import` reads CP949 (EUC-KR) as well.")
}
