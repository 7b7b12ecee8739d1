import fc from "fast-check";
import { it, expect } from "vitest";
import { checkSchema, compileSchema } from "/work/main/src/core/data-schema/index.ts";
it("diff regex", () => {
  const atom = fc.constantFrom("a","b","0",".","\\d","\\w","\\s","[a-c]","[^a]","[\\w-]","\\/","\\.","\\u0061","\\u{62}","\\x63","é","\\p{L}","\\p{Lu}","\\P{L}","^","$","\\b","\\B","\\t","\\n","\\0","[^]","[]","\\cA","\\p{Nd}","[\\b]","[\\s\\S]","\\v","\\f","\\S","\\W","\\D","[$]","\\$","\\-","{","\\{","(?<n>a)","\\xe9");
  const re: fc.Arbitrary<string> = fc.letrec<{r:string}>(tie=>({ r: fc.oneof({maxDepth:4,depthSize:"small"}, atom, fc.tuple(tie("r"),tie("r")).map(x=>x.join("")), fc.tuple(tie("r"),tie("r")).map(x=>`(${x.join("|")})`), fc.tuple(tie("r"),fc.constantFrom("*","+","?","{2}","{1,3}","*?","{0}","{2,}")).map(([a,q])=>`(?:${a})${q}`), tie("r").map(a=>`^${a}$`))})).r;
  const txt = fc.string({unit: fc.constantFrom("a","b","c","A","0","9"," ","-","/",".","\n","\t","\r","é","É","😀","_","\u2028","\u00a0","\v","$","{"), maxLength: 6});
  const diffs = new Map<string,number>(); let n=0, acc=0;
  fc.assert(fc.property(re, txt, (pattern, text) => {
    let js: RegExp; try { js = new RegExp(pattern,"u") } catch { return }
    n++;
    const schema = {type:"object",properties:{a:{type:"string",pattern}},additionalProperties:false};
    if (checkSchema(schema).length) return; acc++;
    const mine = compileSchema(schema).validate({a:text},"").ok;
    if (mine !== js.test(text)) diffs.set(JSON.stringify([pattern,text,mine]), 1);
  }), {numRuns: 30000});
  console.log(n, acc, diffs.size, [...diffs.keys()].sort((a,b)=>a.length-b.length).slice(0,40).join("\n"));
}, 300000);
