"""The languages of Google's Speech-to-Text, version 1; of each the usual one first, which a bare name means.

Source: Cloud Speech-to-Text, supported languages (v1); Telnyx' record_start lists the same.
"""

from __future__ import annotations

_ALL = """
en-US en-GB en-AU en-CA en-GH en-HK en-IE en-IN en-KE en-NG en-NZ en-PH en-PK en-SG en-TZ en-ZA
es-ES es-US es-MX es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-GT es-HN es-NI es-PA es-PE es-PR es-PY es-SV
es-UY es-VE
de-DE de-AT de-CH fr-FR fr-BE fr-CA fr-CH it-IT it-CH nl-NL nl-BE pt-PT pt-BR
ar-SA ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-MR ar-OM ar-PS ar-QA ar-TN ar-YE
af-ZA am-ET az-AZ bg-BG bn-BD bn-IN bs-BA ca-ES cs-CZ da-DK el-GR et-EE eu-ES fa-IR fi-FI fil-PH gl-ES gu-IN
hi-IN hr-HR hu-HU hy-AM id-ID is-IS iw-IL ja-JP jv-ID ka-GE kk-KZ km-KH kn-IN ko-KR lo-LA lt-LT lv-LV mk-MK
ml-IN mn-MN mr-IN ms-MY my-MM ne-NP no-NO pa-Guru-IN pl-PL ro-RO ru-RU rw-RW si-LK sk-SK sl-SI sq-AL sr-RS
ss-latn-za st-ZA su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK ta-MY ta-SG te-IN th-TH tn-latn-za tr-TR ts-ZA uk-UA
ur-PK ur-IN uz-UZ ve-ZA vi-VN xh-ZA yue-Hant-HK zh zh-TW zu-ZA
"""

LANGUAGES = tuple(_ALL.split())
