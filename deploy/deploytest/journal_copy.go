package deploytest

import (
	"reflect"
	"time"

	"junban/deploy"
)

// journalWritten is an event as it would be read back from a disk: without what is not written of it.
func journalWritten(e deploy.Event) deploy.Event {
	e = journalCopy(e)
	if e.Act != nil {
		e.Act.Fresh, e.Act.Changed = nil, deploy.Cause{} // json:"-"
	}
	return e
}

// journalCopy copies a value to its depth; times lose their monotonic reading, as they do on a disk. Sweeps go through it
// millions of times, so it does not go through JSON.
func journalCopy[T any](v T) T {
	deepen(reflect.ValueOf(&v).Elem())
	return v
}

// deepen replaces what a value shares with the one that it was copied from.
func deepen(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			deepen(own.Elem())
			v.Set(own)
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			for i := 0; i < own.Len() && shares(own.Type().Elem()); i++ {
				deepen(own.Index(i))
			}
			v.Set(own)
		}
	case reflect.Map:
		if !v.IsNil() {
			own := reflect.MakeMapWithSize(v.Type(), v.Len())
			each := reflect.New(v.Type().Elem()).Elem()
			for it := v.MapRange(); it.Next(); {
				each.Set(it.Value())
				deepen(each)
				own.SetMapIndex(it.Key(), each)
			}
			v.Set(own)
		}
	case reflect.Struct:
		if t, ok := v.Addr().Interface().(*time.Time); ok {
			*t = t.Round(0)
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); shares(f.Type()) {
				deepen(f)
			}
		}
	}
}

// shares reports whether copies of a type may share something.
func shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Struct:
		return true
	}
	return false
}
