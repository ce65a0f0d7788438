package service_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// folder is a bucket in memory that notes what is removed.
type folder struct {
	removed []string
	fail    error
}

func (f *folder) Upload(_ context.Context, key, _ string, _ int64, _ time.Duration) (string, error) {
	return "https://files.example.com/" + key, nil
}

func (f *folder) Download(_ context.Context, key string, _ time.Duration) (string, error) {
	return "https://files.example.com/" + key, nil
}

func (f *folder) Remove(_ context.Context, keys ...string) error {
	if f.fail != nil {
		return f.fail
	}
	f.removed = append(f.removed, keys...)
	return nil
}

func TestEveryConversationOfACustomerIsExportedAndErased(t *testing.T) {
	t.Parallel()
	d := newDesk()
	const all = 53 // more than one list shows
	for range all {
		d.begin(t)
		d.clock.Advance(time.Second)
	}
	if exported, err := d.ExportOf(t.Context(), customer.ID); err != nil || len(exported) != all {
		t.Errorf("exported %d, %v", len(exported), err)
	}
	if n, err := d.EraseOf(t.Context(), customer.ID); err != nil || n != all {
		t.Errorf("erased %d, %v", n, err)
	}
	if left, err := d.ExportOf(t.Context(), customer.ID); err != nil || len(left) != 0 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

func TestFilesAreErasedWithTheirConversation(t *testing.T) {
	t.Parallel()
	d, files := newDesk(), &folder{}
	d.Files = files
	c := d.begin(t)
	file, _, err := d.Upload(t.Context(), customer, c.ID, "a.png", "image/png", 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Send(t.Context(), customer, c.ID, service.Draft{ClientID: "client-01",
		Attachments: []service.Attachment{file}}); err != nil {
		t.Fatal(err)
	}
	files.fail = errors.New("S3 does not answer")
	if err := d.Erase(t.Context(), c.ID); err == nil {
		t.Fatal("erased although the file is still there")
	}
	// The message still names the file, so the next try finds it.
	files.fail = nil
	if err := d.Erase(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(files.removed, []string{file.Key}) {
		t.Errorf("removed %v", files.removed)
	}
}

func TestAMessageThatComesWhileErasingIsErasedToo(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.Files = &folder{}
	wrote := false
	d.Files = writesMeanwhile{d.Files, func() {
		if !wrote {
			wrote = true
			d.say(t, customer, c, "client-02", "아직 여기 있어요")
		}
	}}
	if _, _, err := d.Send(t.Context(), customer, c.ID, service.Draft{ClientID: "client-01", Text: "사진",
		Attachments: []service.Attachment{{Key: "chat/" + c.ID + "/" + id.New("file", d.clock.Now()), Type: "image/png",
			Size: 1}}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Erase(t.Context(), c.ID); err != nil || !wrote {
		t.Fatal(err, wrote)
	}
	page, err := d.Table.Query(t.Context(), table.Query{Where: "#pk = :pk", With: map[string]any{":pk": "CHAT#" + c.ID}})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("%d items are left, %v", len(page.Items), err)
	}
}

// writesMeanwhile lets something happen while files are removed.
type writesMeanwhile struct {
	service.Files
	do func()
}

func (w writesMeanwhile) Remove(ctx context.Context, keys ...string) error {
	w.do()
	return w.Files.Remove(ctx, keys...)
}

func TestConversationsOfAPeriodAreListedWithoutTheDaysAround(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.clock.MoveTo(time.Date(2026, 12, 30, 23, 59, 59, 0, time.UTC))
	var ids []string
	for range 4 { // 30 December to 2 January, the last second of each day
		ids = append(ids, d.begin(t).ID)
		d.clock.Advance(24 * time.Hour)
	}
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		from, to string
		want     []string
	}{
		{"2026-12-30", "2026-12-30", ids[:1]},
		{"2026-12-31", "2027-01-01", ids[1:3]},
		{"2026-10-05", "2027-01-05", ids},
		{"2027-01-03", "2027-01-31", nil},
	} {
		var got []string
		ctx, meter := table.Metered(t.Context())
		err := d.Between(ctx, day(test.from), day(test.to).AddDate(0, 0, 1), func(c conversation.ConversationSummary) {
			got = append(got, c.ID)
		})
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s to %s: %v, %v; want %v", test.from, test.to, got, err, test.want)
		}
		if months := meter.Cost().Trips; months > 4 {
			t.Errorf("%s to %s takes %d round trips", test.from, test.to, months)
		}
	}
}
