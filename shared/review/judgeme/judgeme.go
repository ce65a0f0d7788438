// Package judgeme reads the CSV file that Judge.me imports and exports (support.judge.me, "Review import": title, body,
// rating, review_date, reviewer_name, reviewer_email, product_id, product_handle, reply, picture_urls). It is pure.
package judgeme

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/review"
)

// Row is one review of the file.
type Row struct {
	Line          int
	ProductHandle string
	ReviewerName  string
	ReviewerEmail string
	Written       time.Time
	Reply         string
	ReplyAt       time.Time
	Pictures      int // that the file names; they are not fetched
	review.Content
}

// ReviewRowError is what is wrong with one row.
type ReviewRowError struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

// MaxRows is how many reviews one file may have.
const MaxRows = 500

// ErrFile says that the file cannot be read at all.
var ErrFile = errors.New("not a review file in Judge.me's form")

// Read reads the file. Rows that cannot be read are reported and left out. language is what the reviews are in. Errors:
// ErrFile with the reason.
func Read(file io.Reader, language string) (rows []Row, wrong []ReviewRowError, err error) {
	r := csv.NewReader(file)
	// Rows of exports may lack columns at their end.
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrFile, err)
	}
	columns := map[string]int{}
	// Spreadsheets write a byte order mark before the first name.
	for i, name := range head {
		columns[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	for _, name := range []string{"body", "rating", "review_date", "product_handle"} {
		if _, ok := columns[name]; !ok {
			return nil, nil, fmt.Errorf("%w: the column %s is missing", ErrFile, name)
		}
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, wrong, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrFile, err)
		}
		// The line in the file, because a quoted text may span several.
		line, _ := r.FieldPos(0)
		if len(rows)+len(wrong) == MaxRows {
			return nil, nil, fmt.Errorf("%w: more than %d rows", ErrFile, MaxRows)
		}
		row, bad := readRow(columns, record, language)
		if bad != nil {
			bad.Line = line
			wrong = append(wrong, *bad)
			continue
		}
		row.Line = line
		rows = append(rows, row)
	}
}

// readRow reads one row; bad names the first column that cannot be read.
func readRow(columns map[string]int, record []string, language string) (row Row, bad *ReviewRowError) {
	get := func(name string) string {
		if i, ok := columns[name]; ok && i < len(record) {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	row = Row{
		ProductHandle: get("product_handle"), ReviewerName: get("reviewer_name"),
		ReviewerEmail: strings.ToLower(get("reviewer_email")), Reply: review.Clean(get("reply")),
	}
	if row.ProductHandle == "" {
		return row, &ReviewRowError{Column: "product_handle", Message: "is empty"}
	}
	stars, err := strconv.Atoi(get("rating"))
	if err != nil {
		return row, &ReviewRowError{Column: "rating", Message: "is not a whole number"}
	}
	if row.Written, err = readTime(get("review_date")); err != nil {
		return row, &ReviewRowError{Column: "review_date", Message: "is not a date"}
	}
	if date := get("reply_date"); date != "" {
		if row.ReplyAt, err = readTime(date); err != nil {
			return row, &ReviewRowError{Column: "reply_date", Message: "is not a date"}
		}
	}
	if urls := get("picture_urls"); urls != "" {
		row.Pictures = strings.Count(urls, ",") + 1
	}
	row.Content, err = review.Content{Stars: stars, Title: get("title"), Text: get("body"), Language: language}.Normal()
	if err != nil {
		return row, &ReviewRowError{Column: "rating, title, body", Message: wrongContent(err)}
	}
	return row, nil
}

// layouts are the forms of dates seen in exports.
var layouts = []string{
	"2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02", "02/01/2006",
}

// readTime tries the known forms. A date without a zone counts as UTC.
func readTime(text string) (time.Time, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("unknown form of date")
}

// Key is the same for the same row in every file, so that importing a file twice changes nothing.
func (r Row) Key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		r.ProductHandle, r.ReviewerEmail, r.ReviewerName, review.Moment(r.Written), strconv.Itoa(r.Stars), r.Title, r.Text,
	}, "\x00")))
	return hex.EncodeToString(sum[:10])
}

// wrongContent says in one sentence what review.Content.Normal refused.
func wrongContent(err error) string {
	var said []string
	for _, f := range problem.From(err).Fields {
		said = append(said, strings.TrimPrefix(f.Pointer, "/")+": "+f.Message)
	}
	return strings.Join(said, "; ")
}
