"""The look, as plain CSS. Every rule is scoped by an `ft` class, so that a notebook keeps its own look."""

from __future__ import annotations

from typing import Final

__all__ = ["FRAGMENT", "PAGE", "PARTS"]

PARTS: Final = """
.ft{color:var(--ink);font-family:system-ui,-apple-system,"Segoe UI","Hiragino Sans","Noto Sans JP","Noto Sans CJK JP",
Meiryo,sans-serif;line-height:1.6;overflow-wrap:anywhere}
.ft *{box-sizing:border-box}
.ft p{margin:.5em 0}
.ft code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;background:var(--soft);
padding:.1em .35em;border-radius:5px}
.ft a{color:var(--accent)}
.ft .ft-quiet{color:var(--quiet);font-size:.875em}
.ft .ft-badge{display:inline-block;padding:.1em .65em;border-radius:99px;font-size:.8125em;font-weight:600;white-space:nowrap;
background:var(--tint);color:var(--tone)}
.ft .ft-mark{display:inline-grid;place-items:center;flex:none;width:1.5em;height:1.5em;border-radius:50%;font-size:.8125em;
font-weight:700;line-height:1;background:var(--tint);color:var(--tone)}
.ft .ft-good{--tone:var(--good);--tint:var(--good-tint)}
.ft .ft-bad{--tone:var(--bad);--tint:var(--bad-tint)}
.ft .ft-unsure{--tone:var(--unsure);--tint:var(--unsure-tint)}
.ft .ft-plain{--tone:var(--quiet);--tint:var(--soft)}
.ft .ft-banner{display:flex;gap:1rem;align-items:flex-start;padding:1.1rem 1.25rem;border-radius:14px;background:var(--tint)}
.ft .ft-banner ul{margin:.6em 0 0;padding-left:1.2em}
.ft .ft-banner li{margin:.2em 0}
.ft .ft-symbol{display:grid;place-items:center;flex:none;width:2.25rem;height:2.25rem;border-radius:50%;font-weight:700;
font-size:1.15rem;line-height:1;color:var(--paper);background:var(--tone)}
.ft .ft-verdict{display:block;font-size:1.3rem;line-height:1.35;color:var(--tone)}
.ft .ft-lead{margin:.2em 0 0}
.ft .ft-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(8.5rem,100%),1fr));gap:.75rem;margin:.75rem 0}
.ft .ft-card{padding:.8rem 1rem;border:1px solid var(--line);border-left:4px solid var(--edge);border-radius:12px;
background:var(--paper)}
.ft .ft-edge-good{--edge:var(--good)}.ft .ft-edge-bad{--edge:var(--bad)}
.ft .ft-edge-unsure{--edge:var(--unsure)}.ft .ft-edge-plain{--edge:var(--line)}
.ft .ft-label{color:var(--quiet);font-size:.8125em;font-weight:600}
.ft .ft-value{font-size:1.6em;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums}
.ft .ft-facts{margin:.5rem 0}
.ft .ft-facts>div{display:grid;grid-template-columns:minmax(8rem,13rem) minmax(0,1fr);gap:.15rem 1rem;padding:.45rem 0;
border-bottom:1px solid var(--line)}
.ft .ft-facts>div:last-child{border-bottom:0}
.ft .ft-facts dt{color:var(--quiet)}
.ft .ft-facts dd{margin:0;min-width:0}
.ft details{border:1px solid var(--line);border-radius:12px;margin:.75rem 0;background:var(--paper)}
.ft summary{cursor:pointer;padding:.7rem 1rem;font-weight:600;border-radius:12px}
.ft summary:hover{background:var(--soft)}
.ft summary:focus-visible,.ft .ft-scroll:focus-visible,.ft a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.ft .ft-inside{padding:.1rem 1rem .9rem}
.ft .ft-scroll{overflow-x:auto;max-width:100%;margin:.75rem 0;-webkit-overflow-scrolling:touch}
.ft .ft-scroll{overflow-wrap:normal}
.ft .ft-banner>div{min-width:0}
.ft table{border-collapse:collapse;width:100%;font-size:.9375em;background:none}
.ft caption{text-align:left;color:var(--quiet);font-size:.875em;padding:0 0 .5em}
.ft th,.ft td{padding:.55em .75em;vertical-align:top;border:0;border-bottom:1px solid var(--line);background:none;text-align:left}
.ft th{font-size:.875em;font-weight:600;color:var(--quiet);white-space:nowrap;border-bottom:1px solid var(--strong)}
.ft tbody tr:last-child td{border-bottom:0}
.ft th:first-child,.ft td:first-child{padding-left:0;min-width:7.5rem}
.ft th:last-child,.ft td:last-child{padding-right:0}
.ft .ft-right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.ft .ft-center{text-align:center}
.ft .ft-contrast{table-layout:fixed;margin:.75rem 0}
.ft .ft-said{white-space:pre-wrap;min-width:0}
.ft .ft-answer{display:flex;gap:.55em;align-items:flex-start}
.ft .ft-answer .ft-mark{margin-top:.1em}
.ft .ft-figure{margin:.9rem 0}
.ft .ft-bars{display:grid;grid-template-columns:fit-content(45%) minmax(3rem,1fr) max-content;gap:.6rem .9rem;align-items:center}
.ft .ft-track{position:relative;height:.95rem;border-radius:99px;background:var(--soft)}
.ft .ft-bar{position:absolute;inset:0 auto 0 0;border-radius:99px;background:var(--fill);min-width:2px;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.ft .ft-fill-good{--fill:var(--good-fill)}.ft .ft-fill-bad{--fill:var(--bad-fill)}
.ft .ft-fill-unsure{--fill:var(--unsure-fill)}.ft .ft-fill-plain{--fill:var(--accent)}
.ft .ft-whisker{position:absolute;top:50%;height:.5rem;transform:translateY(-50%);border:solid var(--ink);border-width:0 2px;
background:linear-gradient(var(--ink),var(--ink)) center/100% 2px no-repeat;opacity:.75}
.ft .ft-threshold{position:absolute;top:-.3rem;bottom:-.3rem;border-left:2px dashed var(--quiet)}
.ft .ft-figure-text{font-variant-numeric:tabular-nums;text-align:right;font-weight:600}
.ft figcaption{color:var(--quiet);font-size:.875em;margin-top:.6rem}
@media (max-width:40rem){
.ft .ft-facts>div{grid-template-columns:minmax(0,1fr)}
.ft .ft-bars{grid-template-columns:minmax(0,1fr) max-content}
.ft .ft-name{grid-column:1/-1;margin-bottom:-.45rem}
.ft .ft-banner{gap:.8rem;padding:1rem}
.ft .ft-contrast,.ft .ft-contrast tbody,.ft .ft-contrast caption{display:block}
.ft .ft-contrast thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.ft .ft-contrast tr{display:block;padding:.8rem 0;border-bottom:1px solid var(--line)}
.ft .ft-contrast tbody tr:last-child{border-bottom:0}
.ft .ft-contrast td{display:block;padding:.3rem 0;border:0}
.ft .ft-contrast .ft-asked{font-weight:600}
.ft .ft-contrast .ft-asked .ft-quiet{font-weight:400}
.ft .ft-contrast td[data-label]::before{content:attr(data-label);display:block;color:var(--quiet);font-size:.8125em}
}
"""

PAGE: Final = """
:root{color-scheme:light dark}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
.ft-page{--bg:#f5f6f9;--paper:#fff;--ink:#1b2333;--quiet:#5b667a;--line:#e4e8ef;--strong:#cdd4df;--soft:#eef1f6;--accent:#3a5bd0;
--good:#0f6b3d;--good-tint:#e4f4ea;--good-fill:#2f9e63;--bad:#a52a22;--bad-tint:#fcebe9;--bad-fill:#d4574d;
--unsure:#855800;--unsure-tint:#fcf2da;--unsure-fill:#d39a25;margin:0;background:var(--bg);font-size:1rem}
@media (prefers-color-scheme:dark){.ft-page{--bg:#0f131a;--paper:#171c26;--ink:#e5e9f0;--quiet:#9ca7b9;--line:#29313f;
--strong:#3a4557;--soft:#222a37;--accent:#8fabff;--good:#74d9a0;--good-tint:#12301f;--good-fill:#3fae74;--bad:#ff9d94;
--bad-tint:#3a1a18;--bad-fill:#e0675d;--unsure:#efc368;--unsure-tint:#332810;--unsure-fill:#cf9a33}}
.ft-page .ft-sheet{max-width:64rem;margin:0 auto;padding:clamp(1.25rem,4vw,3rem) clamp(1rem,4vw,2rem)}
.ft-page h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.1rem);line-height:1.25;letter-spacing:-.015em;margin:0;text-wrap:balance;}
.ft-page h2{font-size:1.15rem;line-height:1.35;margin:0 0 .6rem}
.ft-page .ft-subtitle{color:var(--quiet);margin:.4rem 0 0}
.ft-page nav{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:1rem}
.ft-page nav a{padding:.3rem .8rem;border:1px solid var(--line);border-radius:99px;background:var(--paper);font-size:.875rem;
text-decoration:none;color:var(--ink)}
.ft-page nav a:hover{border-color:var(--accent);color:var(--accent)}
.ft-page section{margin-top:1.1rem;scroll-margin-top:1rem}
.ft-page .ft-panel{padding:clamp(1rem,3vw,1.5rem);background:var(--paper);border:1px solid var(--line);border-radius:16px}
.ft-page .ft-panel>h2+*{margin-top:0}
.ft-page .ft-panel>:last-child{margin-bottom:0}
.ft-page footer{margin-top:1.5rem;color:var(--quiet);font-size:.875rem}
@media print{
.ft-page{--bg:#fff;--paper:#fff;--ink:#000;--quiet:#444;--line:#ccc;--strong:#888;--soft:#eee;--good:#0f6b3d;--bad:#a52a22;
--unsure:#855800;--good-tint:#fff;--bad-tint:#fff;--unsure-tint:#fff;font-size:10pt}
.ft-page .ft-sheet{max-width:none;padding:0}.ft-page nav{display:none}
.ft-page .ft-panel{border:0;padding:0}.ft-page .ft-banner{border:1px solid var(--strong)}
.ft-page tr,.ft-page .ft-card,.ft-page .ft-banner{break-inside:avoid}.ft-page h2{break-after:avoid}
.ft-page .ft-scroll{overflow:visible}
.ft-page details::details-content{content-visibility:visible;block-size:auto}
}
"""

# A notebook has a light or a dark theme that `prefers-color-scheme` does not know, so a fragment takes the
# text colour it finds and only half-transparent backgrounds.
FRAGMENT: Final = """
.ft-fragment{--paper:transparent;--ink:currentColor;--quiet:color-mix(in srgb,currentColor 68%,transparent);
--line:rgba(128,134,148,.28);--strong:rgba(128,134,148,.5);--soft:rgba(128,134,148,.14);--accent:#5f7fe8;
--good:currentColor;--good-tint:rgba(47,158,99,.22);--good-fill:#2f9e63;--bad:currentColor;--bad-tint:rgba(212,87,77,.24);
--bad-fill:#d4574d;--unsure:currentColor;--unsure-tint:rgba(211,154,37,.26);--unsure-fill:#d39a25;max-width:60rem}
.ft-fragment .ft-symbol{background:var(--soft);color:inherit}
.ft-fragment .ft-edge-good{--edge:var(--good-fill)}.ft-fragment .ft-edge-bad{--edge:var(--bad-fill)}
.ft-fragment .ft-edge-unsure{--edge:var(--unsure-fill)}
"""
