package cart

import "testing"

func TestEachProblemIsSaidOnceForItsLineAndItsPromotionCode(t *testing.T) {
	t.Parallel()
	p := Priced{Cart: &Cart{Language: "ko"}}
	p.add("not_open_yet", "ln_1", false, "by the product", nil)
	p.add("not_open_yet", "ln_1", true, "by the promotion", nil)
	p.add("not_open_yet", "ln_2", true, "another line", nil)
	p.add("code_refused", "", false, "", map[string]any{"code": "A"})
	p.add("code_refused", "", false, "", map[string]any{"code": "B"})
	p.add("code_refused", "", false, "", map[string]any{"code": "B"})
	if len(p.Problems) != 4 || !p.Problems[0].Blocking || p.Problems[0].Detail != "by the product" {
		t.Errorf("%+v", p.Problems)
	}
}
