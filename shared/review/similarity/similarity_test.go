package similarity_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"dangol/shared/review/similarity"
)

func meet(a, b similarity.Signature) bool {
	return slices.ContainsFunc(a.Buckets(), func(k string) bool { return slices.Contains(b.Buckets(), k) })
}

func TestNearCopiesMeetAndOtherTextsDoNot(t *testing.T) {
	t.Parallel()
	base := "이 비누는 거품이 정말 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요. 피부가 촉촉해졌어요."
	for _, tt := range []struct {
		name, other string
		near        bool
	}{
		{"the same with other punctuation and spaces", "이 비누는 거품이 정말 풍성하고, 향이 은은해서 온가족이 함께쓰고 있어요!! 피부가 촉촉해졌어요~~", true},
		{"one word changed", "이 비누는 거품이 아주 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요. 피부가 촉촉해졌어요.", true},
		{"endings changed", "이 비누는 거품이 정말 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있습니다. 피부가 촉촉해졌습니다.", true},
		{"another opinion of the same thing", "거품은 보통이고 향은 조금 강한 편이에요. 그래도 세정력이 좋아서 다시 살 생각입니다.", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := similarity.Of(base), similarity.Of(tt.other)
			near := meet(a, b) && a.Similarity(b) >= similarity.Near
			if near != tt.near {
				t.Errorf("similarity %.2f, meet %v, want near %v", a.Similarity(b), meet(a, b), tt.near)
			}
		})
	}
}

func TestShortTextsAreNotCompared(t *testing.T) {
	t.Parallel()
	if similarity.Of("좋아요 배송 빨라요") != nil {
		t.Error("short praise has a signature")
	}
	if got := similarity.Signature(nil).Buckets(); got != nil {
		t.Errorf("no signature has buckets %v", got)
	}
}

func TestEstimateFollowsTheTrueSimilarity(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		letters := make([]rune, 4)
		for i := range letters {
			letters[i] = '가' + rune(random.IntN(11172))
		}
		return string(letters)
	}
	worst, sum := 0.0, 0.0
	const pairs = 200
	for range pairs {
		common, rest := make([]string, random.IntN(30)+1), make([]string, random.IntN(20)+4)
		for i := range common {
			common[i] = word()
		}
		a, b := strings.Join(common, ""), strings.Join(common, "")
		for range rest {
			a, b = a+word(), b+word()
		}
		gap := similarity.Of(a).Similarity(similarity.Of(b)) - jaccard(a, b)
		worst, sum = max(worst, gap, -gap), sum+gap
	}
	if worst > 0.25 || sum/pairs > 0.02 || sum/pairs < -0.02 {
		t.Errorf("worst error %.2f, mean error %.3f", worst, sum/pairs)
	}
}

func jaccard(a, b string) float64 {
	grams := func(text string) map[string]bool {
		letters, set := []rune(text), map[string]bool{}
		for i := 0; i+similarity.NGram <= len(letters); i++ {
			set[string(letters[i:i+similarity.NGram])] = true
		}
		return set
	}
	in, both := grams(a), 0
	for g := range grams(b) {
		if in[g] {
			both++
		}
	}
	return float64(both) / float64(len(in)+len(grams(b))-both)
}
