package judgeme_test

import (
	"errors"
	"strings"
	"testing"

	"dangol/shared/review/judgeme"
)

const head = "title,body,rating,review_date,reviewer_name,reviewer_email,product_id,product_handle,reply,reply_da" +
	"te,picture_urls\n"

func TestReadTheRowsAndReportThoseThatAreWrong(t *testing.T) {
	t.Parallel()
	file := "\ufeff" + head +
		`"Great","Soft ""foam"", kind to skin",5,2025-03-01 10:20:30 UTC,Jane,Jane@Example.com,1,tiger-soap,Thanks!,2025-03-02,"https://x/a.jpg,https://x/b.jpg"` + "\n" +
		"없음,별로예요,1,2025-03-02,김하늘,h@example.com,1,tiger-soap,,,\n" +
		"x,body,9,2025-03-02,n,e@example.com,1,tiger-soap,,,\n" +
		"x,body,five,2025-03-02,n,e@example.com,1,tiger-soap,,,\n" +
		"x,body,5,yesterday,n,e@example.com,1,tiger-soap,,,\n" +
		"x,body,5,2025-03-02,n,e@example.com,1,,,,\n"
	rows, wrong, err := judgeme.Read(strings.NewReader(file), "en")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Text != `Soft "foam", kind to skin` || rows[0].ReviewerEmail != "jane@example.com" ||
		rows[0].Pictures != 2 || rows[0].ReplyAt.IsZero() {
		t.Errorf("rows %+v", rows)
	}
	var columns []string
	for _, w := range wrong {
		columns = append(columns, w.Column)
	}
	if got := strings.Join(columns, "; "); got != "rating, title, body; rating; review_date; product_handle" {
		t.Errorf("wrong columns: %s (%+v)", got, wrong)
	}
	if wrong[0].Line != 4 {
		t.Errorf("the first wrong row is said to be on line %d", wrong[0].Line)
	}
}

func TestTheSameRowHasTheSameKeyInEveryFile(t *testing.T) {
	t.Parallel()
	row := "t,b,5,2025-03-02,n,e@example.com,1,tiger-soap,,,\n"
	first, _, err := judgeme.Read(strings.NewReader(head+row), "en")
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := judgeme.Read(strings.NewReader(head+strings.Replace(row, "t,b", "u,c", 1)+row), "en")
	if err != nil {
		t.Fatal(err)
	}
	if first[0].Key() != second[1].Key() || first[0].Key() == second[0].Key() {
		t.Errorf("keys %s, %s, %s", first[0].Key(), second[0].Key(), second[1].Key())
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"empty": "", "no columns of ours": "a,b\n1,2\n", "broken quotes": head + "\"x,y\n", "a ZIP file": "PK\x03\x04\x00",
		"too many rows": head + strings.Repeat("t,b,5,2025-03-02,n,e,1,p,,,\n", judgeme.MaxRows+1),
	} {
		if _, _, err := judgeme.Read(strings.NewReader(file), "en"); !errors.Is(err, judgeme.ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
