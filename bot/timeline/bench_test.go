package timeline

import "testing"

// BenchmarkForty draws forty instances one by one.
func BenchmarkForty(b *testing.B) { benchmark(b, 40) }

// BenchmarkThousand draws a thousand in groups.
func BenchmarkThousand(b *testing.B) { benchmark(b, 1000) }

func benchmark(b *testing.B, n int) {
	j := fleet(b, n)
	p := Picture{Title: "Deploy web v42 to production", Words: english, Zone: tokyo}
	for b.Loop() {
		data, err := Draw(p, j.events)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(data)), "bytes/picture")
	}
}
