package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"dangol/infra/local/file"
)

// done is what the file says when the shop is filled; before that it says when the filling began, in RFC 3339.
const done = "done"

// begin says whether the shop is to be filled, and as of when. The file at path remembers both for a Seed after this
// one; without a path, or for a shop that was filled before there was such a file, products mean that it is filled.
func begin(path string, now time.Time, hasProducts bool) (began time.Time, filling bool, err error) {
	if path == "" {
		return now, !hasProducts, nil
	}
	raw, err := os.ReadFile(path)
	switch text := strings.TrimSpace(string(raw)); {
	case errors.Is(err, fs.ErrNotExist) && hasProducts:
		return now, false, nil
	case errors.Is(err, fs.ErrNotExist):
		return now, true, file.Write(path, []byte(now.Format(time.RFC3339)+"\n"), 0o644)
	case err != nil || text == done:
		return now, false, err
	default:
		if began, err = time.Parse(time.RFC3339, text); err != nil {
			return now, false, fmt.Errorf("%s says since when the demo shop is being filled, or %q: %w", path, done, err)
		}
		return began, true, nil
	}
}

func finish(path string) error {
	if path == "" {
		return nil
	}
	return file.Write(path, []byte(done+"\n"), 0o644)
}
