package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// decoded returns the file as UTF-8. auto reads the whole file once to find out: Korean Excel saves CSV in EUC-KR
// (CP949) unless told otherwise, and such a file is hardly ever valid UTF-8.
func decoded(file io.ReadSeeker, encoding string) (io.Reader, error) {
	switch encoding {
	case "utf-8":
		return file, nil
	case "euc-kr":
		return korean.EUCKR.NewDecoder().Reader(file), nil
	case "auto":
	default:
		return nil, fmt.Errorf("unknown encoding %q: utf-8, euc-kr or auto", encoding)
	}
	valid, err := isUTF8(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if valid {
		return file, nil
	}
	return korean.EUCKR.NewDecoder().Reader(file), nil
}

// isUTF8 reads to the end and says whether all of it is valid UTF-8.
func isUTF8(r io.Reader) (bool, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		// U+FFFD with size 1 is how the reader reports a
		// wrong byte; the character itself has 3 bytes.
		c, size, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if c == utf8.RuneError && size == 1 {
			return false, nil
		}
	}
}

// counting counts the bytes that went through it.
type counting struct {
	from io.Reader
	n    atomic.Int64
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// read is how many bytes have been read so far; safe while another goroutine reads.
func (c *counting) read() int64 { return c.n.Load() }
