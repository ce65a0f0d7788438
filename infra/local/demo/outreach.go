package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

//go:embed coupons.json
var coupons string

// readers is how many people agreed to advertising before the demo shop moved here.
const readers = 30

// outreach makes the codes that series give away, imports people who have agreed to advertising elsewhere, groups the
// customers, and drafts a campaign.
func (s shop) outreach(ctx context.Context, now time.Time) error {
	if err := s.coupons(ctx, now); err != nil {
		return err
	}
	if err := s.consents(ctx, now); err != nil {
		return err
	}
	segment := []byte(`{"condition":{"orders":{"atLeast":2,"days":365}}}`)
	if err := s.call(ctx, http.MethodPut, "/outreach/segments/regulars", "application/json", segment, nil); err != nil {
		return err
	}
	return s.campaign(ctx, now)
}

// coupons makes promotions with codes and names the source of codes for each series.
func (s shop) coupons(ctx context.Context, now time.Time) error {
	all, err := s.filled(ctx, coupons, now)
	if err != nil {
		return err
	}
	for _, one := range all {
		var promotion map[string]any
		if err := json.Unmarshal(one, &promotion); err != nil {
			return err
		}
		name := fmt.Sprint(promotion["coupon"])
		// The name belongs to outreach; promotions would refuse the field.
		delete(promotion, "coupon")
		body, err := json.Marshal(promotion)
		if err != nil {
			return err
		}
		var made struct{ ID string }
		if err := s.call(ctx, http.MethodPost, "/promotions", "application/json", body, &made); err != nil {
			return err
		}
		source := []byte(fmt.Sprintf(`{"promotionId":%q}`, made.ID))
		for _, step := range []struct {
			method, path string
			body         []byte
		}{
			{http.MethodPost, "/promotions/" + made.ID + "/codes", []byte(`{"size":10000}`)},
			{http.MethodPost, "/promotions/" + made.ID + "/publish", []byte(`{}`)},
			{http.MethodPut, "/outreach/coupons/" + name, source},
		} {
			if err := s.call(ctx, step.method, step.path, "application/json", step.body, nil); err != nil {
				return fmt.Errorf("coupon %s: %w", name, err)
			}
		}
	}
	return nil
}

// consents imports consents as a shop does that moves here, with where and when they were given.
func (s shop) consents(ctx context.Context, now time.Time) error {
	rows := make([]map[string]string, readers)
	for i := range rows {
		rows[i] = map[string]string{
			"email": fmt.Sprintf("reader%02d@haneul.example", i+1), "at": now.AddDate(0, 0, -i).Format(time.RFC3339),
			// Two of three in Korean.
			"source": "sign-up form of the former shop", "textVersion": "2026-01", "language": []string{"ko", "en"}[i%3/2],
		}
	}
	body, err := json.Marshal(map[string]any{"consents": rows})
	if err != nil {
		return err
	}
	var report struct{ Refused []string }
	if err := s.call(ctx, http.MethodPost, "/outreach/consents/import", "application/json", body, &report); err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return fmt.Errorf("consents: %q", report.Refused)
	}
	return nil
}

// campaign drafts a campaign a week from now. It stays a draft: nothing is sent by itself.
func (s shop) campaign(ctx context.Context, now time.Time) error {
	var made struct{ Campaigns []json.RawMessage }
	if err := s.call(ctx, http.MethodGet, "/outreach/campaigns", "", nil, &made); err != nil || len(made.Campaigns) > 0 {
		return err // its link has the address of this run, as the images of products have
	}
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		return err
	}
	texts := map[string]any{
		"ko": map[string]any{"subject": "겨울 보습, 지금 시작하세요", "preheader": "새로 나온 크림을 먼저 만나 보세요",
			"heading": "겨울이 왔습니다", "body": []string{"건조한 계절을 위한 크림과 오일을 모았습니다."}, "button": "둘러보기"},
		"en": map[string]any{"subject": "Winter care starts now", "preheader": "Meet the new creams first",
			"heading": "Winter is here", "body": []string{"Creams and oils for the dry season."}, "button": "Have a look"},
	}
	body, err := json.Marshal(map[string]any{
		"name": "Winter", "topic": "news", "local": now.In(seoul).AddDate(0, 0, 7).Format("2006-01-02") + "T10:00",
		"by": "shop", "maxLatenessMinutes": 720, "url": s.address + "/winter",
		"variants": []any{map[string]any{"id": "a", "texts": texts}},
	})
	if err != nil {
		return err
	}
	return s.call(ctx, http.MethodPost, "/outreach/campaigns", "application/json", body, nil)
}
